import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8's young generation at the size it has. Reading a tar and sending a file make many short-lived objects; V8 would answer
 * with up to 48 MB more for them, which is a third of what an image may cost. It holds for the process.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--optimize-for-size');
}
