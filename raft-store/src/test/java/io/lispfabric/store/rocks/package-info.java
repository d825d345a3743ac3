@org.jspecify.annotations.NullMarked
package io.lispfabric.store.rocks;
