/** Routes said once: what is checked, what OpenAPI says, what is done; and answers that are streams of events. */
export { addRoute, declaredRoutes } from './add-route.ts';
export { ClientGone, clientSignal } from './client-signal.ts';
export { EVENT_STREAM, eventText, type ServerEvent, type StreamForm, sendEvents, sendStream } from './event-stream.ts';
export { type OpenApiInfo, openApiDocument } from './open-api.ts';
export { addReference } from './reference.ts';
export type { DeclaredAnswer, DeclaredLink, Route, RouteCall } from './route.ts';
