/** Something that did not stop a search but that its caller will want to know. */
export interface Warning {
  readonly code: 'EMPTY_QUERY' | 'UNKNOWN_FIELD' | 'TOO_MANY_TERMS' | 'NO_POSITIONS' | 'SYNTAX';
  readonly message: string;
}
