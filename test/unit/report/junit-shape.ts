import { expect } from 'vitest';
import { type Element, parseXml } from './xml.ts';

/** The attributes and children that the schema of Jenkins' xUnit plugin and GitLab's reader accept in an element. */
const SHAPE: Record<string, { required: string[]; optional: string[]; children: string[] }> = {
  testsuites: {
    required: ['name', 'tests', 'failures', 'errors'],
    optional: ['skipped', 'time'],
    children: ['testsuite'],
  },
  testsuite: {
    required: ['name', 'tests', 'failures', 'errors', 'skipped'],
    optional: ['time'],
    children: ['testcase'],
  },
  testcase: {
    required: ['classname', 'name'],
    optional: ['time'],
    children: ['failure', 'error', 'skipped', 'system-out'],
  },
  failure: { required: ['type', 'message'], optional: [], children: [] },
  error: { required: ['type', 'message'], optional: [], children: [] },
  skipped: { required: ['message'], optional: [], children: [] },
  'system-out': { required: [], optional: [], children: [] },
};

/** Fails unless a text is JUnit XML whose totals are those of its cases. */
export function expectJunit(xml: string): void {
  const root = parseXml(xml);
  expect(root.name).toBe('testsuites');
  check(root);
}

function check(element: Element): void {
  const shape = SHAPE[element.name]!;
  const names = Object.keys(element.attributes);
  expect(names).toEqual(expect.arrayContaining(shape.required));
  expect(names.filter((name) => ![...shape.required, ...shape.optional].includes(name))).toEqual([]);
  expect(element.children.map(({ name }) => name).filter((name) => !shape.children.includes(name))).toEqual(
    [],
  );
  if (shape.children.length > 0) expect(element.text.trim()).toBe('');
  if (element.attributes.tests !== undefined) {
    const cases = below(element, 'testcase');
    const having = (kind: string) => String(cases.filter((one) => below(one, kind).length > 0).length);
    expect(element.attributes).toMatchObject({
      tests: String(cases.length),
      failures: having('failure'),
      errors: having('error'),
      skipped: having('skipped'),
    });
  }
  if (element.name === 'testcase') expect(element.children.length).toBeLessThanOrEqual(1);
  for (const child of element.children) check(child);
}

function below(element: Element, name: string): Element[] {
  return element.children.flatMap((child) => [
    ...(child.name === name ? [child] : []),
    ...below(child, name),
  ]);
}
