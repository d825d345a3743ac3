/**
 * What no module can check of itself: the arrows between modules, and what the tests say about the
 * RFCs.
 */
@org.jspecify.annotations.NullMarked
package io.lispfabric.conformance;
