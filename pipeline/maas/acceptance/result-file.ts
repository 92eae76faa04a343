/** The result of an acceptance, beside its logs. */
export const RESULT = 'acceptance.json';
