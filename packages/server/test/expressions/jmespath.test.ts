import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeBareLiterals } from '../../src/expressions/bare-literals.ts';
import { compileExpression, ExpressionError, isTruthy } from '../../src/expressions/jmespath.ts';

const evaluate = (text: string, context: unknown = {}): unknown => compileExpression(text)(context);

describe('bare literals', () => {
  test.each([
    ['a > 25', 'a > `25`'],
    ['a >= -1.5', 'a >= `-1.5`'],
    ['a>=-1.5e3', 'a>=`-1.5e3`'],
    ['items[?price < 10].name', 'items[?price < `10`].name'],
    ['a[0].b[-1]', 'a[0].b[-1]'],
    ['a[ 0 ][1:3][::2][:-1]', 'a[0][1:3][::2][:-1]'],
    ['[1, 2]', '[`1`, `2`]'],
    ['a-1', 'a-`1`'],
    ['1-2', '`1`-`2`'],
    ['a - -1', 'a - `-1`'],
    ['a[0]-1', 'a[0]-`1`'],
    ['f(3, -2)', 'f(`3`, `-2`)'],
    ["a == '25'", "a == '25'"],
    ["a == 'it\\'s 25'", "a == 'it\\'s 25'"],
    ['"2 3" > `25`', '"2 3" > `25`'],
    ['{a: 1, b: true}', '{a: `1`, b: `true`}'],
    ['{true: a, null: false}', '{true: a, null: `false`}'],
    ['a ? true : false', 'a ? `true` : `false`'],
    ['a ? 1 : 2', 'a ? `1` : `2`'],
    ['x.true == true', 'x.true == `true`'],
    ['"true"', '"true"'],
    ['trueness', 'trueness'],
    ['a1 > 007', 'a1 > `7`'],
    ['[?a == null]', '[?a == `null`]'],
  ])('%s becomes %s', (text, written) => {
    expect(writeBareLiterals(text)).toBe(written);
  });

  test.each(["a == 'x", '"a', '`1', '(a', 'a)', '[a)', 'f(a'])('refuses %s', (text) => {
    expect(() => writeBareLiterals(text)).toThrow(ExpressionError);
  });

  test('any number between operands is what JSON makes of it', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = JSON.stringify(value);
        expect(evaluate(`a == ${text}`, { a: JSON.parse(text) })).toBe(true);
        expect(evaluate(`[${text}, 'x'][0]`)).toBe(JSON.parse(text));
      }),
    );
  });
});

describe('expressions', () => {
  const context = {
    steps: { weather: { temperature: 26.5, ok: true }, approval: { status: 'approved' } },
    items: [
      { name: 'tea', price: 4, tag: 'constructor' },
      { name: 'wine', price: 12, tag: 'b' },
    ],
  };

  test.each<[string, unknown]>([
    ['steps.weather.temperature > 25', true],
    ["steps.approval.status == 'approved'", true],
    ['steps.weather.ok == true', true],
    ['steps.missing.ok == null', true],
    ['items[?price < 10].name', ['tea']],
    ['items[1].price - 2 * 3', 6],
    ['items[-1].name', 'wine'],
    ["let $a = 'x', $b = 'y' in {in: $a, let: $b}", { in: 'x', let: 'y' }],
    ['let $a=1 in $a==1 && $a<=1 && $a!=2', true],
    ['$.items[0].name', 'tea'],
    ['let $limit = 10 in items[?price > $limit].name | [0]', 'wine'],
    ['let $add = 1 in map(&(price + $add), items)', [5, 13]],
    ['steps.weather.temperature > 30 ? 1 : 2', 2],
    ['sort(`[10, 9, 1]`)', [1, 9, 10]],
    ["sort(['b', 'a'])", ['a', 'b']],
    ['max_by(items, &name).name', 'wine'],
    ['min_by(items, &price).name', 'tea'],
    ['max(items[*].price)', 12],
    ['max(`[]`)', null],
    ['keys(group_by(items, &tag))', ['constructor', 'b']],
    ["replace('a-b-c', '-', '+')", 'a+b+c'],
    ["replace('a-b-c', '-', '$&', 1)", 'a$&b-c'],
    ["trim('  a b ')", 'a b'],
    ["trim_left('xxaxx', 'x')", 'axx'],
    ["pad_left('7', 3, '0')", '007'],
    ["join(', ', items[*].name)", 'tea, wine'],
    ['{n: items[0].name, t: true}', { n: 'tea', t: true }],
    ['{n: 1} == {n: 1}', true],
    [
      'zip([1, 2], [3, 4])',
      [
        [1, 3],
        [2, 4],
      ],
    ],
    ['`{"type": "Field", "name": "x"}`.type', 'Field'],
  ])('%s', (text, value) => {
    expect(evaluate(text, context)).toEqual(value);
  });

  test('only own fields are seen', () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty', '"__proto__"', 'constructor.constructor']) {
      expect(evaluate(name, { a: 1 })).toBeNull();
      expect(evaluate(`a.${name}`, { a: {} })).toBeNull();
    }
    expect(evaluate('constructor', JSON.parse('{"constructor": 1}'))).toBe(1);
    expect(evaluate('"__proto__"', JSON.parse('{"__proto__": 1}'))).toBe(1);
    expect(() => evaluate('{"__proto__": a}')).toThrow('__proto__');
    for (const name of ['constructor', 'toString', '__proto__', '" measured"']) {
      expect(() => evaluate(`${name}(@)`)).toThrow(ExpressionError);
    }
  });

  test('a literal in a result cannot be changed', () => {
    const literal = evaluate('`{"a": [1]}`') as { a: number[] };
    expect(() => literal.a.push(2)).toThrow(TypeError);
  });

  test.each([
    ['', 'The expression is empty.'],
    ['a..b', '`a..b` is not an expression: unexpected token: .(Dot).'],
    ['a ==', '`a ==` is not an expression'],
    ['lenght(a)', '`lenght(a)` calls `lenght()`, which does not exist. Did you mean length?'],
    ['a b', '`a b` has two values at position 3 with nothing between them'],
    ['[a b]', 'position 4'],
    ['map(a &b)', 'position 7'],
    ["length(a 'b')", 'position 10'],
    ['a[0] `1`', 'position 6'],
    ['payload.a = `1`', '`payload.a = `1`` has a single `=` at position 11; compare with `==`.'],
    ["a=='x' && b=1", 'a single `=` at position 12'],
    ['a === 1', 'a single `=` at position 5'],
    ['[?a = 1]', 'a single `=` at position 5'],
    ['$.a = 1', 'a single `=` at position 5'],
    ['$x = 1', '`$x = 1` uses `=` other than in `let $name = value in …`; compare with `==`.'],
    ['let $x = 1 in $x = 2', 'compare with `==`'],
    ['let $x = $y = 2 in $x', 'compare with `==`'],
    ['let $x in a', 'compare with `==`'],
    ['f(', 'never closed'],
    ['#', 'unknown character: #'],
  ])('refuses %j with a sentence', (text, sentence) => {
    expect(() => compileExpression(text)).toThrow(ExpressionError);
    expect(() => compileExpression(text)).toThrow(sentence);
  });

  test('an evaluation that fails says what failed', () => {
    expect(() => evaluate('length(a)', { a: 5 })).toThrow('`length(a)` cannot be evaluated: Invalid type: length()');
    expect(() => evaluate('a + 1', { a: 'x' })).toThrow(ExpressionError);
    expect(() => evaluate('1 / 0')).toThrow('divide by zero');
    expect(() => evaluate('sort_by(@, &a)', [{ a: 1 }, { a: 'x' }])).toThrow(ExpressionError);
  });

  test('compiles once', () => {
    expect(compileExpression('a.b.c')).toBe(compileExpression('a.b.c'));
  });

  test('any text compiles or is refused with an ExpressionError', () => {
    const part = fc.constantFrom(
      ...[
        'a',
        'true',
        '1',
        '-',
        '.',
        '[',
        ']',
        '[?',
        '(',
        ')',
        '{',
        '}',
        ':',
        ',',
        '*',
        '@',
        '$',
        '&',
        '|',
        '||',
        '==',
        "'s'",
      ],
      ...['`1`', '"q"', '!', '<', ' ', 'let', '$v', '=', 'in', '?', 'length', '\\', '#', 'é'],
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        try {
          compileExpression(parts.join(''))({ a: [{ a: 1 }] });
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('bounds', () => {
  const refused = (text: string, context: unknown = {}): void => {
    const before = performance.now();
    expect(() => evaluate(text, context)).toThrow(ExpressionError);
    expect(performance.now() - before).toBeLessThan(2000);
  };

  test.each([
    ['brackets', '('.repeat(3999)],
    ['closed brackets', `${'('.repeat(1999)}a${')'.repeat(1999)}`],
    ['negations', `${'!'.repeat(3990)}a`],
    ['signs', `${'+ '.repeat(1990)}a`],
    ['references', `${'&'.repeat(3001)}a`],
    ['dots', `a${'.a'.repeat(1900)}`],
    ['pipes', `a${'|a'.repeat(1900)}`],
    ['length', 'a'.repeat(4001)],
  ])('%s', (_, text) => refused(text));

  test('work that multiplies', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index);
    refused('map(&map(&map(&map(&$, $), $), $), $)', hundred);
    refused('map(&map(&map(&$[*], $), $), $)', hundred);
    refused(`[@,@]${' | [@,@]'.repeat(60)}`);
    refused(`to_string([@,@]${' | [@,@]'.repeat(60)})`);
    refused(`[@,@]${'[] | [@,@]'.repeat(60)}`);
    refused(`${'zip(@,@)|'.repeat(40)}@`, [[1], [1]]);
    refused(`([@,@]${' | [@,@]'.repeat(60)}) == ([@,@]${' | [@,@]'.repeat(60)})`);
  });

  test.each([
    ['a function', 'map(&length(upper($.text)), list)'],
    ['an order of texts that are alike', 'sort_by(list, &$.text)'],
    ['the first of them', 'max_by(list, &$.text)'],
    ['a comparison of lists', 'list[?$.list == $.same]'],
    ['a comparison of texts', 'list[?$.text == $.alike]'],
    ['a slice of a text', 'map(&$.text[::-1], list)'],
    ['a scope', 'map(&(let $x = @ in $x), list)'],
  ])('%s pays for the size of what it goes through', (_, text) => {
    const list = Array.from({ length: 20_000 }, (_, index) => index);
    refused(text, { list, same: [...list], text: 'ab'.repeat(100_000), alike: 'ab'.repeat(100_000) });
  });

  test('what is large may be looked at once', () => {
    const list = Array.from({ length: 50_000 }, (_, index) => 50_000 - index);
    const text = 'ab'.repeat(500_000);
    expect(evaluate('length(upper(text))', { text })).toBe(1_000_000);
    expect(evaluate('[sort(list)[0], max(list), sum(list)]', { list })).toEqual([1, 50_000, 1_250_025_000]);
    expect(evaluate('sort_by(list, &@)[0]', { list })).toBe(1);
    expect(evaluate('list == same', { list, same: [...list] })).toBe(true);
  });

  test('texts that multiply', () => {
    refused("pad_left('a', 1000000000)");
    let text = "'aaaaaaaa'";
    for (let depth = 0; depth < 20; depth++) text = `replace(${text}, 'a', 'aaaaaaaa')`;
    refused(text);
    refused(`join('${'x'.repeat(3000)}', split(pad_left('a', 100000), ''))`);
  });

  test('trimming a long text takes linear time', () => {
    const spaces = ' '.repeat(200_000);
    const before = performance.now();
    expect(evaluate('trim(a)', { a: `x${spaces}x` })).toBe(`x${spaces}x`);
    expect(performance.now() - before).toBeLessThan(2000);
  });
});

test('truth is that of JMESPath', () => {
  for (const value of [false, null, undefined, '', [], {}]) expect(isTruthy(value)).toBe(false);
  for (const value of [true, 0, 'a', [0], { a: 1 }, ' ']) expect(isTruthy(value)).toBe(true);
});

test.each([
  ['!a.b', { a: { b: true } }, false],
  ['!a.b', { a: {} }, true],
  ['!a.b.c || `7`', { a: { b: { c: 1 } } }, 7],
  ['!!a.b', { a: { b: 1 } }, true],
  ['!a[0]', { a: [0] }, false],
  ['!a.b[0]', { a: { b: [] } }, true],
  ['!a.list[?x > 1]', { a: { list: [{ x: 1 }] } }, true],
  ['!(a.b) && c', { a: { b: false }, c: 1 }, 1],
  ['!length(a).b', { a: [] }, true],
])('`!` takes the path after it: %s', (text, context, value) => {
  expect(compileExpression(text)(context)).toEqual(value);
});
