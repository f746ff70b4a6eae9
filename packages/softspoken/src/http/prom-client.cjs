/** Of prom-client, what the bundle uses: its other parts load six modules of Node, and 3 MiB. */
module.exports = {
  Counter: require('prom-client/lib/counter'),
  Gauge: require('prom-client/lib/gauge'),
  Histogram: require('prom-client/lib/histogram'),
  Registry: require('prom-client/lib/registry'),
}
