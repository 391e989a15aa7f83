import { element } from './element.js';

/**
 * Rows of cells; a cell is a node, a text, or a list of them. The first column has no label on narrow screens. The roles are
 * what the elements mean already, but browsers forget it where the style displays them otherwise.
 */
export function table(caption, columns, rows) {
  const head = (name) => element('th', { scope: 'col', role: 'columnheader' }, name);
  const cell = (content, index) =>
    element('td', { role: 'cell', ...(index > 0 && { 'data-label': columns[index] }) }, ...[content].flat());
  const row = (cells) => element('tr', { role: 'row' }, ...cells);
  return element(
    'table',
    { role: 'table', 'aria-label': caption },
    element('thead', { role: 'rowgroup' }, row(columns.map(head))),
    element('tbody', { role: 'rowgroup' }, ...rows.map((cells) => row(cells.map(cell)))),
  );
}
