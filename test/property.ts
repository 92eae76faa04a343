import fc from 'fast-check';

// CI has the same inputs each time; everybody else tries new ones.
const seed = process.env.PROPERTY_SEED;
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });

/** fast-check, for tests of a property: with the seed that PROPERTY_SEED gives, or another one each time. */
export default fc;
