import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folder in which Node keeps compiled files, for processes that tests start again and again; the command line uses the same. */
export const COMPILED = { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') };
