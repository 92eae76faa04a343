import type { Values } from '../../../pipeline/maas/acceptance/placeholders.ts';

/** The values that checks may name, of which the kernel is not known. */
export const values = (more: Partial<Values> = {}): Values => ({
  'image.name': 'dgx1',
  'image.resource': 'dgx1-5.0',
  'image.release': 'dgxos5',
  'image.platform': 'dgx1',
  'image.version': '5.0',
  'image.kernel': null,
  'machine.hostname': 'gpu01',
  'machine.mounts': '/\n/boot/efi',
  'platform.gpus': '8',
  ...more,
});
