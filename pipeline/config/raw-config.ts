import type { Raw } from './setting.ts';
import type { IMAGE } from './settings/image.ts';
import type { SETTINGS } from './settings/table.ts';

/** The configuration as a person writes it in dgxos-maas.yaml; see types.ts for the resolved one. */
export type RawConfig = Raw<typeof SETTINGS>;
export type RawImage = Raw<typeof IMAGE>;
