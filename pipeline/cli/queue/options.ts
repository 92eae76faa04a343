import { QUEUE } from '../../config/settings/queue.ts';
import { SETTINGS } from '../../config/settings/table.ts';

/** The settings that have a flag in `queue`. */
export const QUEUE_SETTINGS = [QUEUE.place];
/** The settings that have a flag in `worker`. */
export const WORKER_SETTINGS = [SETTINGS.workspace, QUEUE.place];
