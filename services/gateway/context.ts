import type { ParameterizedContext } from 'koa';

/** Who asks: the name of the API key, to which jobs, collections and documents belong. */
export interface Principal {
  readonly owner: string;
  readonly admin: boolean;
}

/** What middleware learns about a request. */
export interface State {
  requestId: string;
  principal?: Principal;
  /** Pattern of the route that answers, for metrics. */
  route?: string;
}

export type Context = ParameterizedContext<State>;
