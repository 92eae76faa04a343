import { $, type ToolOptions } from '../../../pipeline/host/process/tool.ts';

/** A tool by its argv; however it ends is a result. */
export const run = (argv: readonly string[], options: ToolOptions = {}) =>
  $({ ...options, nothrow: true })`${argv}`;

/** A tool by its argv; a failure is a fault. */
export const runOk = (argv: readonly string[], options: ToolOptions = {}) => $(options)`${argv}`;
