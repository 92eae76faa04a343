import { expect, test } from 'vitest';
import { asFault, type SandboxPackage } from '../../../pipeline/cli/sandbox-package.ts';
import type { FaultCode } from '../../../pipeline/core/faults/catalogue.ts';
import { SandboxError, type SandboxErrorCode } from '../../../sandbox/error.ts';
import * as sandbox from '../../../sandbox/index.ts';

test('the package is what the command takes it for: the compiler compares the two, which share no type', () => {
  const taken: SandboxPackage = sandbox;
  expect(Object.keys(taken)).toEqual(['open']);
});

test('its errors become faults: every code of them is one', () => {
  const codeOf = (code: SandboxErrorCode): FaultCode => code;
  const error = new SandboxError(codeOf('PORT_TAKEN') as SandboxErrorCode, 'taken', {
    hint: 'another',
    detail: 'more',
  });
  expect(asFault(error)).toMatchObject({
    name: 'Fault',
    code: 'PORT_TAKEN',
    exitCode: 75,
    message: 'taken',
    hint: 'another',
    detail: 'more',
    cause: error,
  });
});

test('any other error stays what it is', () => {
  const unknown = new SandboxError('OF_A_LATER_SANDBOX' as SandboxErrorCode, 'x');
  for (const error of [new Error('x'), unknown, 'x', undefined]) expect(asFault(error)).toBe(error);
});
