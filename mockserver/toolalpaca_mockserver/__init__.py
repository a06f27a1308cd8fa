"""The mock server: any OpenAPI document as a live, stateful, conforming API."""
