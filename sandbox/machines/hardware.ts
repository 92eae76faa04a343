import { createHash } from 'node:crypto';
import type { Hardware } from './state.ts';

/** Of a machine that is to show up; what is left out is sensible. */
export interface MachineDescription {
  hostname?: string;
  /** arch/subarch (amd64/generic) */
  architecture?: string;
  /** Each is a network card; the first one boots. */
  macs?: string[];
  powerType?: string;
  powerParameters?: Record<string, string>;
  cpuCount?: number;
  /** MiB */
  memory?: number;
  /** Bytes of each disk. */
  disks?: number[];
  /** legacy: no EFI partition in any layout. */
  bios?: 'uefi' | 'legacy';
  vendor?: string;
  product?: string;
}

const GIB = 2 ** 30;

/** A DGX A100 as far as MAAS looks: cores, memory, two boot disks, a management and two fabric ports. */
export function hardwareOf(number: number, described: MachineDescription = {}): Hardware {
  const macs = described.macs ?? [0, 1, 2].map((port) => mac(number, port));
  const sizes = described.disks ?? [1_920_383_410_176, 1_920_383_410_176];
  const product = described.product ?? 'DGXA100 920-23687-2530-000';
  return {
    cpuCount: described.cpuCount ?? 256,
    cpuSpeed: 2250,
    memory: described.memory ?? (1024 * GIB) / 2 ** 20,
    disks: sizes.map((size, index) => ({
      name: `nvme${index}n1`,
      model: 'SAMSUNG MZ1LB1T9HALS-00007',
      serial: `S436NA0M${String(number).padStart(4, '0')}${index}`,
      size,
    })),
    nics: macs.map((address, index) => ({
      name: ['enp226s0', 'enp225s0f0', 'enp225s0f1'][index] ?? `eth${index}`,
      mac: address,
    })),
    info: {
      system_vendor: described.vendor ?? 'NVIDIA',
      system_product: product,
      system_family: 'DGX',
      system_version: 'v1.0',
      system_sku: '920-23687-2530-000',
      system_serial: `15602210${String(number).padStart(5, '0')}`,
      cpu_model: 'AMD EPYC 7742 64-Core Processor',
      mainboard_vendor: 'NVIDIA',
      mainboard_product: 'DGXA100',
      mainboard_serial: `PDGX${String(number).padStart(6, '0')}`,
      mainboard_version: '1.0',
      mainboard_firmware_vendor: 'American Megatrends International',
      mainboard_firmware_date: '06/14/2023',
      mainboard_firmware_version: '1.21',
      chassis_vendor: 'NVIDIA',
      chassis_type: 'Rack Mount Chassis',
      chassis_serial: `15602210${String(number).padStart(5, '0')}`,
      chassis_version: 'v1.0',
    },
    biosBootMethod: described.bios === 'legacy' ? 'pxe' : 'uefi',
  };
}

/** NVIDIA's own prefix, the machine, the port. */
function mac(number: number, port: number): string {
  const bytes = [0x48, 0xb0, 0x2d, (number >> 8) & 0xff, number & 0xff, port];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

const LETTERS = 'abcdefghkmnpqrstwxy34678';

/** Six characters, as MAAS makes them; the same number gives the same one. */
export function systemIdOf(number: number): string {
  let rest = createHash('sha256').update(`system ${number}`).digest().readUIntBE(0, 6);
  let id = '';
  for (let index = 0; index < 6; index++) {
    id += LETTERS[rest % LETTERS.length];
    rest = Math.floor(rest / LETTERS.length);
  }
  return id;
}

const ADJECTIVES =
  'able alert brave busy calm clean clever daring eager fair fast fine fresh gentle glad great happy humble keen kind lively lucid magic modest neat noble polite prime proud quick rapid ready sharp smart solid stable still sunny super swift tidy true vital warm wise witty'.split(
    ' ',
  );
const ANIMALS =
  'ant ape badger bat bear bee bird boar bobcat buck bull calf cat cod colt cow crab crane crow deer dingo doe dog donkey dove duck eagle eel elf falcon ferret finch fish fly fowl fox frog gator gecko goat goose grouse hare hawk heron horse ibex imp jay lark lemur liger lion llama loon lynx'.split(
    ' ',
  );

/** A name as MAAS invents it for a machine that has none, "alert-pigeon". */
export function petname(number: number): string {
  const word = (words: string[], step: number) => words[(number * step) % words.length];
  return `${word(ADJECTIVES, 7)}-${word(ANIMALS, 11)}${number > ADJECTIVES.length ? number : ''}`;
}
