/** Pages for people, over HTTP: the dashboard of training runs. The page of the server of collections has a door of its own (site/), since the dashboard loads what trains. */
export { createDashboard } from './dashboard/create-dashboard.ts';
