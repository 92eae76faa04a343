import type { Route } from '../route.ts';
import { bootSourceRoutes } from './boot-sources.ts';
import { domainRoutes } from './domains.ts';
import { fabricRoutes } from './fabrics.ts';
import { rangeRoutes } from './ip-ranges.ts';
import { namedRoutes } from './named.ts';
import { rackRoutes } from './racks.ts';
import { settingRoutes } from './settings.ts';
import { sshKeyRoutes } from './ssh-keys.ts';
import { subnetRoutes } from './subnets.ts';
import { vlanRoutes } from './vlans.ts';

/** The routes that `site` commands need. */
export const siteRoutes: Route[] = [
  ...settingRoutes,
  ...sshKeyRoutes,
  ...bootSourceRoutes,
  ...fabricRoutes,
  ...vlanRoutes,
  ...subnetRoutes,
  ...rangeRoutes,
  ...namedRoutes,
  ...domainRoutes,
  ...rackRoutes,
];
