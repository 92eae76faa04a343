import { type Alias, type Document, isAlias, isCollection, isScalar, type Node, visit } from 'yaml';

/** The values of a document's aliases, found in one walk: the library walks the whole document for each. */
export class Aliases {
  readonly #values = new Map<Alias, Node>();

  constructor(document: Document.Parsed) {
    const anchored = new Map<string, Node>();
    visit(document, {
      Node: (_, node) => {
        if (isAlias(node)) {
          const value = anchored.get(node.source);
          if (value) this.#values.set(node, value);
        } else if ((isScalar(node) || isCollection(node)) && node.anchor) anchored.set(node.anchor, node);
      },
    });
  }

  /** The value of an alias, undefined where none has its anchor before it; anything else is itself. */
  resolved(node: unknown): unknown {
    return isAlias(node) ? this.#values.get(node) : node;
  }
}
