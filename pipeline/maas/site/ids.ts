import { Fault } from '../../core/faults/fault.ts';
import type { LiveSite } from './live-site.ts';

/** A VLAN by its fabric's name and its VLAN id. */
export interface VlanKey {
  fabric: string;
  vid: number;
}

/** Ids by the names that a file uses; `apply` adds those of what it makes. */
export class Ids {
  readonly #ids = new Map<string, number>();

  constructor(current: LiveSite) {
    for (const { name, id } of current.spaces) this.space(name, id);
    for (const { name, id, vlans } of current.fabrics) {
      this.fabric(name, id);
      for (const vlan of vlans) this.vlan(vlan, vlan.id);
    }
    for (const { cidr, id } of current.subnets) this.subnet(cidr, id);
    for (const { url, id } of current.bootSources) this.source(url, id);
    for (const { name, id } of current.domains) this.domain(name, id);
  }

  /** Each gives the id of a name, or notes it. */
  space = (name: string, id?: number) => this.#of(`space ${name}`, id);
  fabric = (name: string, id?: number) => this.#of(`fabric ${name}`, id);
  vlan = ({ fabric, vid }: VlanKey, id?: number) => this.#of(`VLAN ${fabric}/${vid}`, id);
  subnet = (cidr: string, id?: number) => this.#of(`subnet ${cidr}`, id);
  source = (url: string, id?: number) => this.#of(`boot source ${bare(url)}`, id);
  domain = (name: string, id?: number) => this.#of(`domain ${name}`, id);

  #of(name: string, id: number | undefined): number {
    if (id !== undefined) this.#ids.set(name, id);
    const known = this.#ids.get(name);
    if (known === undefined)
      throw new Fault('MAAS_NOT_FOUND', `MAAS no longer has ${name}`, { hint: 'Run it again.' });
    return known;
  }
}

/** A URL without the slash at its end, which MAAS 3.8 takes away. */
export function bare(url: string): string {
  return url.replace(/\/+$/, '');
}
