/** A failure whose message says all that its reader needs: it is shown without a stack. */
export class ExpectedFailure extends Error {
  override readonly name: string = 'ExpectedFailure';
}
