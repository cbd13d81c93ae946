import { createApp } from "../../src/http/app.ts";
import type { Service } from "../../src/http/service.ts";
import type { TestProject } from "./project.ts";

export interface Route {
  readonly method: string;
  /** As the OpenAPI document writes it, such as `/sessions/{id}`. */
  readonly path: string;
  /** What the document says of a bearer token; `unknown` when the route is not in it. */
  readonly bearer: "required" | "optional" | "service" | "none" | "unknown";
}

interface Operation {
  readonly security?: readonly Record<string, unknown>[];
}

/** Every route that the application answers, with what its own document says about it. */
export async function allRoutes(project: TestProject): Promise<Route[]> {
  const { body } = await project.request<{ paths: Record<string, Record<string, Operation>> }>(
    "/openapi.json",
  );
  return routeTable().map(({ method, path }) => {
    const operation = body.paths[path]?.[method.toLowerCase()];
    return { method, path, bearer: operation ? bearerOf(operation) : "unknown" };
  });
}

/** Every method and path that the application answers, but for the pages. */
export function routeTable(): Pick<Route, "method" | "path">[] {
  // Nothing is served: the application only has to be put together.
  const table = createApp({} as Service).routes.filter(({ method }) => method !== "ALL");
  const routes = table.map(({ method, path }) => ({
    method,
    path: path.replaceAll(/:(\w+)/g, "{$1}"),
  }));
  return [...new Map(routes.map((route) => [`${route.method} ${route.path}`, route])).values()];
}

function bearerOf({ security = [] }: Operation): Route["bearer"] {
  if (security.some((scheme) => "service" in scheme)) return "service";
  if (!security.some((scheme) => "bearer" in scheme)) return "none";
  return security.some((scheme) => Object.keys(scheme).length === 0) ? "optional" : "required";
}
