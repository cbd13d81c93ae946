import { isProjectId } from "../projects/project_id.ts";

export interface RoutedPath {
  readonly projectId: string | null;
  /** The path within the project, or the whole path where there is no project. */
  readonly path: string;
}

/**
 * Splits `/<project id>/<path>`. The path is taken as it is written: nothing is decoded or folded,
 * so only the canonical spelling of a route is that route.
 */
export function withoutProject(request: Request): RoutedPath {
  const path = rawPath(request.url);
  const end = path.indexOf("/", 1);
  const first = end === -1 ? path.slice(1) : path.slice(1, end);
  if (!isProjectId(first)) return { projectId: null, path };
  return { projectId: first, path: end === -1 ? "/" : path.slice(end) };
}

function rawPath(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start === -1) return "/";
  const end = url.slice(start).search(/[?#]/);
  return end === -1 ? url.slice(start) : url.slice(start, start + end);
}
