/** Documents parsed and validated once, for transports that don't come through Apollo Server. */
import { type DocumentNode, GraphQLError, type GraphQLSchema, parse, specifiedRules, validate } from 'graphql';
import { ApiError } from '../errors.ts';
import { limitsRule, maxTokens } from './limits.ts';

export interface Documents {
  /** The document, or why it isn't one of this schema. */
  get(text: string): DocumentNode | readonly ApiError[];
}

const maxRemembered = 500;
const maxRememberedLength = 20_000;

export function createDocuments(schema: GraphQLSchema): Documents {
  const remembered = new Map<string, DocumentNode>();

  function check(text: string): DocumentNode | readonly ApiError[] {
    let document: DocumentNode;
    try {
      document = parse(text, { maxTokens });
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      return [new ApiError('GRAPHQL_PARSE_FAILED', error.message, placeOf(error))];
    }
    const errors = validate(schema, document, [...specifiedRules, limitsRule]);
    if (errors.length === 0) return document;
    return errors.map((error) => new ApiError('GRAPHQL_VALIDATION_FAILED', error.message, placeOf(error)));
  }

  return {
    get(text) {
      const known = remembered.get(text);
      if (known) return known;
      const checked = check(text);
      if ('kind' in checked && text.length <= maxRememberedLength) {
        const [oldest] = remembered.keys();
        if (remembered.size >= maxRemembered && oldest !== undefined) remembered.delete(oldest);
        remembered.set(text, checked);
      }
      return checked;
    },
  };
}

const placeOf = ({ source, positions, nodes }: GraphQLError) => ({
  ...(source ? { source } : {}),
  ...(positions ? { positions } : {}),
  ...(nodes ? { nodes } : {}),
});
