import { vi } from 'vitest';

type Syntax = typeof import('../../pipeline/image/facts/syntax.ts');

// A thousand tests judge an image, most of them one with the same hook: a shell is started once for each script, not for each image.
vi.mock('../../pipeline/image/facts/syntax.ts', async (original) => {
  const { checkSyntax } = await original<Syntax>();
  const checked = new Map<string, ReturnType<Syntax['checkSyntax']>>();
  const once: Syntax['checkSyntax'] = (program, script, signal) => {
    const key = `${program}\n${script.toString('latin1')}`;
    const result = checked.get(key) ?? checkSyntax(program, script, signal);
    checked.set(key, result);
    return result;
  };
  return { checkSyntax: once };
});
