import type { Command } from 'commander';
import type { Session } from './session.ts';

/**
 * A command: `declare` adds it with its options to the program; the action imports its module lazily, so that `--help`
 * and the other commands do not pay for it. `act` wraps an action: it opens the session and turns faults into exit codes.
 */
export type Declare = (program: Command, act: Act) => void;
export type Act = <A extends unknown[]>(
  action: (session: Session, ...args: A) => Promise<void>,
) => (...args: [...A, Command]) => Promise<void>;
