/** Mode and owner of a member. */
export interface Ownership {
  mode: number;
  uid: number;
  gid: number;
}

/** The few combinations of mode and owner that an image has, by a number of two bytes; 0 is for what came after 65,535 others. */
export class OwnershipTable {
  readonly #byKey = new Map<string, number>();
  readonly #list: (Ownership | null)[] = [null];
  #last = 0;

  number({ mode, uid, gid }: Ownership): number {
    const last = this.#list[this.#last];
    if (last && last.mode === mode && last.uid === uid && last.gid === gid) return this.#last;
    const key = `${mode} ${uid} ${gid}`;
    let number = this.#byKey.get(key);
    if (number === undefined) {
      if (this.#list.length > 65_535) return 0;
      number = this.#list.length;
      this.#byKey.set(key, number);
      this.#list.push({ mode, uid, gid });
    }
    this.#last = number;
    return number;
  }

  get(number: number): Ownership | null {
    return this.#list[number] ?? null;
  }
}
