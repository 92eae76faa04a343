import type { MachineState } from './machine-state-row.ts';
import { SERVICE_STATE } from './machine-state-services.ts';
import { SYSTEM_STATE } from './machine-state-system.ts';

/** All that makes a machine this machine, beside the checks of their own (machine-id, ssh host keys, host name, iSCSI name). */
export const MACHINE_STATE: readonly MachineState[] = [...SYSTEM_STATE, ...SERVICE_STATE];
