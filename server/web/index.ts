/** Pages for people, over HTTP: the dashboard of training runs. */
export { createDashboard } from './dashboard/create-dashboard.ts';
