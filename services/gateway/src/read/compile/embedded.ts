/** Objects and lists inside a JSON column, shown by the fields that are asked for. */
import { jsonObject, literal, word } from './json.ts';
import type { Shape } from './plan.ts';

/** `value` is an SQL expression of type json. */
export function embeddedSql(shape: Shape, value: string, alias: () => string): string {
  switch (shape.kind) {
    case 'leaf':
      return value;
    case 'list': {
      if (isVerbatim(shape)) return value;
      const item = alias();
      const list =
        `(select coalesce(json_agg(${embeddedSql(shape.item, `${item}.value`, alias)}), '[]'::json) ` +
        `from json_array_elements(${value}) ${item})`;
      return nullable(shape, value, list);
    }
    case 'object': {
      if (shape.whole) return value;
      const object = jsonObject(
        shape.fields.map((field) => [
          field.key,
          field.typename === null
            ? embeddedSql(field.shape, `${value}->'${word(field.name)}'`, alias)
            : literal(field.typename),
        ]),
      );
      return nullable(shape, value, object);
    }
  }
}

function nullable(shape: Shape, value: string, sql: string): string {
  return shape.nonNull ? sql : `case when ${value} is null or json_typeof(${value}) = 'null' then null else ${sql} end`;
}

function isVerbatim(shape: Shape): boolean {
  switch (shape.kind) {
    case 'leaf':
      return true;
    case 'list':
      return isVerbatim(shape.item);
    case 'object':
      return shape.whole;
  }
}
