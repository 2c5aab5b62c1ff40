/**
 * The name of the user or the key whose id a column has, removed and revoked ones too; null where there is neither. The
 * admin key of the configuration is in no table.
 */
export const askerName = (column: string): string =>
  `coalesce((select u.username from users u where u.id = ${column}), (select k.name from api_keys k where k.id = ${column}))`;
