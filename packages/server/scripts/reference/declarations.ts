import { fileURLToPath } from 'node:url';
import { isClassDeclaration, isInterfaceDeclaration, isTypeAliasDeclaration, type Node } from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';

/** A declaration of the kit as its source has it. */
export interface Declaration {
  /** Its doc comment as one line; empty: it has none. */
  readonly doc: string;
  /** The whole, without its doc comment. */
  readonly text: string;
  readonly members: readonly { readonly signature: string; readonly doc: string }[];
}

const kit = fileURLToPath(new URL('../../../kit/', import.meta.url));

/** The interfaces, classes and types of the kit by name, read with the compiler. */
export function readDeclarations(files: readonly string[]): Map<string, Declaration> {
  const api = new API({ cwd: kit });
  try {
    const project = api.updateSnapshot({ openProjects: [`${kit}tsconfig.json`] }).getProject(`${kit}tsconfig.json`);
    const found = new Map<string, Declaration>();
    for (const file of files) {
      const source = project?.program.getSourceFile(`${kit}src/${file}`);
      if (source === undefined) throw new Error(`the compiler does not find ${kit}src/${file}`);
      const textOf = (node: Node): string => source.text.slice(startOf(node), node.end);
      const docOf = (node: Node): string => {
        const doc = node.jsDoc?.at(-1);
        return doc === undefined ? '' : toLine(source.text.slice(doc.pos, doc.end));
      };
      // After its doc comment and any remark for the linter.
      const startOf = (node: Node): number => {
        const from = node.jsDoc?.at(-1)?.end ?? node.pos;
        return from + /^(\s|\/\/.*)*/.exec(source.text.slice(from))![0].length;
      };
      for (const node of source.statements) {
        const hasMembers = isInterfaceDeclaration(node) || isClassDeclaration(node);
        if (!hasMembers && !isTypeAliasDeclaration(node)) continue;
        const members = hasMembers ? [...node.members] : [];
        found.set(node.name?.text ?? '', {
          doc: docOf(node),
          text: textOf(node).replace(/^export /, ''),
          members: members.map((member) => ({ signature: toSignature(textOf(member)), doc: docOf(member) })),
        });
      }
    }
    return found;
  } finally {
    api.close();
  }
}

const toSignature = (text: string): string =>
  text
    .replace(/^readonly /, '')
    .replace(/;$/, '')
    .replace(/\s+/g, ' ')
    .replace(/\( /g, '(')
    .replace(/,? \)/g, ')');

/** The text of a doc comment; its tags as sentences, without its examples. */
function toLine(comment: string): string {
  const text = comment
    .replace(/^\s*\/\*\*|\*\/$/g, '')
    .replace(/^\s*\* ?/gm, '')
    .replace(/@example[\s\S]*?(?=^@|$(?![\s\S]))/gm, '');
  return text
    .replace(/\s+/g, ' ')
    .replace(/@throws (\S+)/g, 'Throws `$1`')
    .replace(/@returns /g, 'Gives ')
    .replace(/@param (\S+) /g, '`$1`: ')
    .trim();
}
