import { isKnownScope, scopes as known } from '@ordinaut/contract';
import { badRequest } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/near.ts';

/** Whoever mistypes a scope would give nothing and not know it. @throws ApiError `bad_request` for scopes that mean nothing. */
export function checkScopes(scopes: readonly string[] = []): void {
  const issues = scopes.flatMap((scope, index) =>
    isKnownScope(scope)
      ? []
      : [
          {
            field: `scopes[${index}]`,
            issue: `is ${JSON.stringify(scope)}; there is no such scope.${didYouMean(scope, Object.keys(known))}`,
          },
        ],
  );
  if (issues.length > 0) throw badRequest(issues);
}
