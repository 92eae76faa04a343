import { toFault } from '../yaml/problem.ts';
import { dataAsWritten, schemaProblems } from '../yaml/schema.ts';
import { Source } from '../yaml/source.ts';

/**
 * The data of a file of the catalogue.
 * @param file the name that messages show
 * @throws Fault CONFIG_INVALID with every place that does not keep to the schema
 */
export function catalogueData(schema: string, file: string, text: string): unknown {
  const source = new Source(file, text);
  const data = dataAsWritten(schema, source);
  const problems = schemaProblems(schema, data);
  if (problems.length)
    throw toFault(
      'CONFIG_INVALID',
      problems.map((problem) => source.place(problem)),
    );
  return data;
}
