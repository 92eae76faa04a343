/** A JSON value; a member that is undefined is not written. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined };
