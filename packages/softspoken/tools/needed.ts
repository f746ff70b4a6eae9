/** The flags that the program needs, each with a value, for tests that change or add some. */
export const needed: Readonly<Record<string, string>> = {
  '--prefix': '198.51.100.10/32',
  '--local-as': '64515',
  '--router-id': '10.0.5.11',
  '--peer': '127.0.0.1',
  '--peer-as': '65000',
  '--address': 'none', // and none is needed: these tests change no interface
  '--require-address': 'false',
}
export function words(options: Readonly<Record<string, string>>): string[] {
  return Object.entries(options).flat()
}
