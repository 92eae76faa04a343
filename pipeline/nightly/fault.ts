import type { Fault } from '../core/faults/fault.ts';
import { redactDeep } from '../core/secrets/registry.ts';
import type { NightFault } from './types.ts';

export function nightFault(fault: Fault, step: string | null): NightFault {
  const { code, message, hint = null, detail = null, exitCode } = fault;
  return redactDeep({ step, code, message, hint, detail, exitCode });
}
