@org.jspecify.annotations.NullMarked
package io.lispfabric.lcaf;
