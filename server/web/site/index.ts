/** The page of the server of collections. */
export { registerSite } from './register-site.ts';
