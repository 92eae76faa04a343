import { setFlagsFromString } from 'node:v8';

/** The settings with which a process begins that reads or sends images. */
export function keepMemorySteady(): void {
  keepYoungGenerationSmall();
  keepFreedMemory();
}

/**
 * Keeps V8's young generation at the size it has. Reading a tar and sending a file make many short-lived objects; V8 would answer
 * with up to 48 MB more for them, which is a third of what an image may cost. It holds for the process.
 */
function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--optimize-for-size');
}

/** Bytes; no buffer that comes and goes is larger. */
const LARGEST = 8 << 20;

/**
 * Lets glibc keep what is freed. It maps each buffer of 128 KB and more on its own, and gives it back to the system when it is freed; the next one is
 * mapped and faulted in anew, page by page, which took an eighth of the time in which an image is validated. From the first
 * that is freed on, buffers up to its size come from its heap (`M_MMAP_THRESHOLD` of mallopt(3)), which may keep twice as much. This one is never
 * written to, so that it takes no memory. It holds for the process; before Node 21 from V8's first collection on, and not with another libc.
 */
export function keepFreedMemory(): void {
  (new ArrayBuffer(LARGEST) as { transfer?(bytes: number): unknown }).transfer?.(0);
}
