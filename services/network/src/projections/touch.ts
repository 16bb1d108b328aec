/** What an event may change in the rules of nodes. */

export type Touch =
  /** An endpoint came, went or changed: its own node, and those with endpoints that a policy ties to its namespace. */
  | {
      readonly kind: 'endpoint';
      readonly position: number;
      readonly traceparent: string | null;
      readonly namespaceId: string;
      readonly nodeId: string;
    }
  /** A node is reached otherwise than before: those with endpoints that a policy ties to what is on it. */
  | {
      readonly kind: 'node';
      readonly position: number;
      readonly traceparent: string | null;
      readonly nodeId: string;
      /** Of its endpoints. */
      readonly namespaces: readonly string[];
    }
  /** A policy came, went, changed or was (dis)allowed: all nodes with endpoints of the namespaces that it was, or is, about. */
  | {
      readonly kind: 'policy';
      readonly position: number;
      readonly traceparent: string | null;
      readonly namespaces: readonly string[];
    }
  /** What nodes answer for, of the outside, has changed. */
  | {
      readonly kind: 'outside';
      readonly position: number;
      readonly traceparent: string | null;
      readonly nodes: readonly string[];
    }
  /** The platform's ranges have changed: all nodes, whose rules stay what they are. */
  | { readonly kind: 'pools'; readonly position: number; readonly traceparent: string | null };
