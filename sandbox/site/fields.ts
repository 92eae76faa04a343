import { formErrors, ReplyError } from '../reply.ts';
import type { Call } from '../route.ts';

export const REQUIRED = 'This field is required.';

/** A form of which fields may be missing, as MAAS' API forms take a missing field for "as it is". */
export class Fields {
  readonly #values: Map<string, string[]>;
  /** By field; a field may be called whatever somebody sends. */
  readonly #errors = new Map<string, string[]>();

  constructor(values: Map<string, string[]>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The last value, as Django takes it; undefined when the field is not there. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1)?.trim();
  }

  /** Every value of a repeated field. */
  list(name: string): string[] | undefined {
    return this.#values.get(name)?.map((value) => value.trim());
  }

  flag(name: string): boolean | undefined {
    const value = this.text(name);
    return value === undefined
      ? undefined
      : !['', 'false', '0', 'f', 'no', 'off'].includes(value.toLowerCase());
  }

  /** A whole number between the limits. */
  number(name: string, least: number, most: number): number | undefined {
    const value = this.text(name);
    if (value === undefined || value === '') return undefined;
    if (!/^-?\d+$/.test(value)) return this.wrong(name, 'Enter a whole number.');
    if (Number(value) < least)
      return this.wrong(name, `Ensure this value is greater than or equal to ${least}.`);
    if (Number(value) > most) return this.wrong(name, `Ensure this value is less than or equal to ${most}.`);
    return Number(value);
  }

  wrong(name: string, message: string): undefined {
    this.#errors.set(name, [...(this.#errors.get(name) ?? []), message]);
    return undefined;
  }

  /** Ends the request where a field was wrong. */
  check(): void {
    if (this.#errors.size) throw new ReplyError(formErrors(Object.fromEntries(this.#errors)));
  }
}

export const NO_CHOICE = 'Select a valid choice. That choice is not one of the available choices.';

/** The object that a field names by its id; undefined where it is not given, or names nothing, which is an error of the field. */
export function referred<T extends { id: number }>(
  fields: Fields,
  name: string,
  among: readonly T[],
): T | undefined {
  const wanted = fields.text(name);
  if (!wanted) return undefined;
  return among.find(({ id }) => String(id) === wanted) ?? fields.wrong(name, NO_CHOICE);
}

export async function fieldsOf(call: Call): Promise<Fields> {
  return new Fields(await call.body.values());
}

/** Ends the request with one field's message. */
export function wrongField(name: string, message: string): never {
  throw new ReplyError(formErrors({ [name]: [message] }));
}

/** The error of a form that is not about one field. */
export const wrongForm = (message: string) => wrongField('__all__', message);
