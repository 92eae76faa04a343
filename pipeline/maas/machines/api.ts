/** The operations on machines that other modules use. */
export { allocate } from './allocate.ts';
export { deployMachine, hasImage } from './deploy-machine.ts';
export { explainFailure } from './explain.ts';
export { listMachines, readMachine } from './list.ts';
export { releaseMachine } from './release-machine.ts';
export type * from './types.ts';
export { waitFor } from './wait.ts';
