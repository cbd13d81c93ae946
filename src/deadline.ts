/**
 * Does `work` under a signal that is aborted after so many milliseconds, or as soon as one of `signals`
 * is. Its timer keeps it: on Node 20, of `AbortSignal.any([…, AbortSignal.timeout(…)])` nobody holds
 * the second, so once it is collected the deadline never comes.
 */
export async function withDeadline<T>(
  milliseconds: number,
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const late = () => controller.abort(new DOMException("The deadline has passed", "TimeoutError"));
  const timer = setTimeout(late, milliseconds);
  const listeners = signals.map((signal) => {
    const abort = () => controller.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    return () => signal.removeEventListener("abort", abort);
  });
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    for (const remove of listeners) remove();
  }
}
