import type { Route } from '../route.ts';

/** Machines, tags and events. */
export const machineRoutes: Route[] = [];
