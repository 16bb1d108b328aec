/**
 * What an event may change in the lists of nodes' rules that aren't the compiler's: services, names, mappings, remotes. What
 * policies and members change, the compiler tells by itself.
 */

export type Touch = {
  readonly position: number;
  readonly traceparent: string | null;
} & (
  | {
      /** An endpoint came, went, or serves otherwise than before: its own node has it in its lists. */
      readonly kind: 'endpoint';
      readonly tenant: string;
      readonly instanceId: string;
      readonly namespaceId: string;
      readonly nodeId: string;
      /** It came or went. */
      readonly hosted: boolean;
    }
  | {
      /** Services are other ones than before, as nodes with endpoints of the environment see them. */
      readonly kind: 'services';
      readonly namespaceId: string;
      readonly serviceIds: readonly string[];
      /** Not only who is behind them. */
      readonly named: boolean;
    }
  /** The namespace is in an environment. */
  | { readonly kind: 'located'; readonly namespaceId: string }
  | {
      readonly kind: 'mappings';
      readonly portMappingIds: readonly string[];
      /** That answer, or answered, for their addresses. */
      readonly nodes: readonly string[];
      /** Where they lead, or led. */
      readonly namespaces: readonly string[];
    }
  /** A node is reached otherwise than before. `moved`: at another address, which no policy of any node's rules means. */
  | { readonly kind: 'node'; readonly nodeId: string; readonly moved: boolean }
  /** The platform's ranges have changed: all nodes, whose rules stay what they are. */
  | { readonly kind: 'pools' }
);
