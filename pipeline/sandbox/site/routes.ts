import type { Route } from '../route.ts';

/** What `site` commands need of a MAAS. */
export const siteRoutes: Route[] = [];
