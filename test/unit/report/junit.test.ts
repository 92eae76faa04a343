import { describe, expect, it } from 'vitest';
import { visible } from '../../../pipeline/core/escape/visible.ts';
import { junitXml, type Outcome, type TestCase } from '../../../pipeline/report/formats/junit.ts';
import fc from '../../property.ts';
import { expectJunit } from './junit-shape.ts';
import { parseXml } from './xml.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(
    ']]>',
    '</failure>',
    '&amp;',
    '<![CDATA[',
    '"',
    "'",
    '\n',
    '\t',
    '\u0000',
    '\ud800',
    '\uffff',
    '日本',
  ),
);
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({ kind: fc.constantFrom('failure' as const, 'error' as const), type: text, message: text, text }),
  fc.record({ kind: fc.constant('skipped' as const), message: text }),
);
const testCase: fc.Arbitrary<TestCase> = fc.record(
  {
    classname: text,
    name: text,
    seconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
    outcome,
    output: text,
  },
  { requiredKeys: ['classname', 'name'] },
);
const suites = fc.array(fc.record({ name: text, cases: fc.array(testCase, { maxLength: 4 }) }), {
  maxLength: 3,
});

describe('the writer of JUnit', () => {
  it('writes what a strict parser reads, with the totals that are in it, whatever the texts are', () => {
    fc.assert(
      fc.property(text, suites, (name, given) => {
        const xml = junitXml({ name, suites: given });
        expectJunit(xml);
        const read = parseXml(xml).children.flatMap((suite) => suite.children);
        expect(read.map(({ attributes }) => attributes.name)).toEqual(
          given.flatMap(({ cases }) => cases.map((one) => visible(one.name).replace(/[\t\n]/g, ' '))),
        );
      }),
    );
  });

  it('has the form that readers know', () => {
    expect(
      junitXml({
        name: 'all',
        seconds: 2,
        suites: [
          {
            name: 'one',
            seconds: 1.5,
            cases: [
              { classname: 'c', name: 'passes' },
              { classname: 'c', name: 'says', output: 'a <b>' },
              {
                classname: 'c',
                name: 'fails',
                outcome: { kind: 'failure', type: 'major', message: 'm', text: 't' },
              },
              {
                classname: 'c',
                name: 'breaks',
                seconds: 0.25,
                outcome: { kind: 'error', type: 'E', message: 'm', text: 't' },
              },
              { classname: 'c', name: 'left out', outcome: { kind: 'skipped', message: 'why' } },
            ],
          },
        ],
      }),
    ).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="all" tests="5" failures="1" errors="1" skipped="1" time="2.000">
  <testsuite name="one" tests="5" failures="1" errors="1" skipped="1" time="1.500">
    <testcase classname="c" name="passes"/>
    <testcase classname="c" name="says">
      <system-out>a &lt;b&gt;</system-out>
    </testcase>
    <testcase classname="c" name="fails">
      <failure type="major" message="m">t</failure>
    </testcase>
    <testcase classname="c" name="breaks" time="0.250">
      <error type="E" message="m">t</error>
    </testcase>
    <testcase classname="c" name="left out">
      <skipped message="why"/>
    </testcase>
  </testsuite>
</testsuites>
`);
  });
});
