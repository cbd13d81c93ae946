import { AuthError } from "../errors.ts";
import { projectHasher } from "../passwords/hasher.ts";
import type { ServableProject } from "../projects/directory.ts";
import { authUrlOf } from "../projects/environment.ts";
import { openKeys } from "../tokens/keys.ts";
import type { RequestProject, Service } from "./service.ts";

const opened = new WeakMap<ServableProject, Promise<RequestProject>>();

/**
 * The project a request is for, with its keys opened; opened once for as long as the directory keeps
 * its answer.
 *
 * @throws AuthError project_not_found, project_suspended, service_unavailable when its keys cannot
 * be used
 */
export async function requestProject(service: Service, id: string): Promise<RequestProject> {
  const project = await service.directory.find(id);
  let promise = opened.get(project);
  if (!promise) {
    promise = open(service, project);
    opened.set(project, promise);
  }
  return promise;
}

async function open(service: Service, project: ServableProject): Promise<RequestProject> {
  const { id, configuration } = project;
  try {
    return {
      ...project,
      hasher: projectHasher(service.hasher, id),
      issuer: { authUrl: authUrlOf(service.publicUrl, id), keys: await openKeys(project.keys) },
      passwordPolicy: {
        minLength: configuration.password_min_length,
        cost: configuration.bcrypt_cost,
        context: [id, configuration.name],
        isBreached: configuration.breached_passwords === "check" ? service.isBreached : undefined,
      },
    };
  } catch (cause) {
    throw new AuthError("service_unavailable", { cause });
  }
}
